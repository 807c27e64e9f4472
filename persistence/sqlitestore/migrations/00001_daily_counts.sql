-- Anonymous daily counts only: no row about a person.

-- +goose Up
CREATE TABLE IF NOT EXISTS daily_stats (
    date TEXT NOT NULL PRIMARY KEY,
    total_sessions INTEGER DEFAULT 0,
    total_matches INTEGER DEFAULT 0
);
CREATE TABLE IF NOT EXISTS interest_category_counts (
    date TEXT NOT NULL,
    category TEXT NOT NULL,
    count INTEGER DEFAULT 0,
    PRIMARY KEY (date, category)
);

-- +goose Down
DROP TABLE interest_category_counts;
DROP TABLE daily_stats;
