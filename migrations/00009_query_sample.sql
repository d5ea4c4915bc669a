-- A bounded sample of what is searched for, by day: a new index is judged on it.
-- Normalised words only; nothing says who searched.
-- +goose Up
CREATE TABLE query_sample (
    day      date    NOT NULL DEFAULT current_date,
    query    text    NOT NULL CHECK (char_length(query) BETWEEN 1 AND 500),
    searches bigint  NOT NULL DEFAULT 1 CHECK (searches > 0),
    PRIMARY KEY (day, query)
);

-- +goose Down
DROP TABLE query_sample;
