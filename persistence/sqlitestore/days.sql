-- First day, last day or NULL. One statement, so one snapshot: a day and its categories belong together.
SELECT d.date,
    COALESCE(d.total_sessions, 0),
    COALESCE(d.total_matches, 0),
    d.total_sightings,
    (
        SELECT json_group_object(c.category, COALESCE(c.count, 0))
        FROM interest_category_counts AS c
        WHERE c.date = d.date
    )
FROM daily_stats AS d
WHERE d.date >= ?1
    AND (?2 IS NULL OR d.date <= ?2)
    AND (d.total_sessions > 0 OR d.total_matches > 0 OR d.total_sightings > 0)
ORDER BY d.date
