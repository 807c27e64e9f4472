-- $1 day, $2 categories, $3 their counts.
INSERT INTO interest_category_counts AS stored (date, category, count)
SELECT $1::text::date, category, LEAST(count, 2147483647)
FROM unnest($2::text[], $3::bigint[]) AS seen (category, count)
ON CONFLICT (date, category) DO UPDATE SET count = GREATEST(stored.count, excluded.count)
