-- Day, category, count.
INSERT INTO interest_category_counts (date, category, count)
VALUES (?, ?, ?)
ON CONFLICT (date, category) DO UPDATE SET count = MAX(COALESCE(count, 0), excluded.count)
