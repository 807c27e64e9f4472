-- $1 first day, $2 last day or NULL. One statement, so one snapshot: a day and its categories belong together.
SELECT to_char(d.date, 'YYYY-MM-DD') AS day,
    COALESCE(d.total_sessions, 0)::bigint AS sessions,
    COALESCE(d.total_matches, 0)::bigint AS matches,
    d.total_sightings AS sightings,
    (
        SELECT jsonb_object_agg(c.category, COALESCE(c.count, 0))
        FROM interest_category_counts AS c
        WHERE c.date = d.date
    ) AS categories
FROM daily_stats AS d
WHERE d.date >= $1::text::date
    AND ($2::text IS NULL OR d.date <= $2::text::date)
    AND (d.total_sessions > 0 OR d.total_matches > 0 OR d.total_sightings > 0)
ORDER BY d.date
