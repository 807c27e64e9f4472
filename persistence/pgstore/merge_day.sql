-- $1 day, $2 sessions, $3 matches, $4 sightings. GREATEST ignores NULL. Takes the day's row lock, changed or not.
INSERT INTO daily_stats AS stored (date, total_sessions, total_matches, total_sightings)
VALUES ($1::text::date, LEAST($2::bigint, 2147483647), LEAST($3::bigint, 2147483647), $4::bigint)
ON CONFLICT (date) DO UPDATE SET
    total_sessions = GREATEST(stored.total_sessions, excluded.total_sessions),
    total_matches = GREATEST(stored.total_matches, excluded.total_matches),
    total_sightings = GREATEST(stored.total_sightings, excluded.total_sightings)
