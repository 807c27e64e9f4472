-- Day, sessions, matches, sightings. MAX of a NULL is NULL, hence COALESCE.
INSERT INTO daily_stats (date, total_sessions, total_matches, total_sightings)
VALUES (?, ?, ?, ?)
ON CONFLICT (date) DO UPDATE SET
    total_sessions = MAX(COALESCE(total_sessions, 0), excluded.total_sessions),
    total_matches = MAX(COALESCE(total_matches, 0), excluded.total_matches),
    total_sightings = MAX(total_sightings, excluded.total_sightings)
