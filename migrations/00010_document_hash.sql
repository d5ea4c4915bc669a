-- What a document is made of, as a number that is kept in the document: equal
-- numbers, equal documents. It is computed here and nowhere else.
--
-- Fields are chained, each hash the seed of the next, so that nothing depends on
-- separators. Arrays are not in the chain: an empty one would break it. 40 bits:
-- the sum of 4,096 of them is below 2^53, exact also as a double.
-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION product_hash(
    id bigint, sku text, title text, description text, brand text, category text, price numeric, gtin text,
    image_url text, attributes jsonb, released_on date, stores bigint[], quantities bigint[]
) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT (hashtextextended(sku, hashtextextended(title, hashtextextended(description, hashtextextended(brand,
        hashtextextended(category, hashtextextended(gtin, hashtextextended(image_url, hashtextextended(attributes::text,
        hash_numeric_extended(price, timestamp_hash_extended(coalesce(released_on, 'infinity')::timestamp, hashint8extended(id, 0)))))))))))
        # hash_array_extended(stores, 1) # hash_array_extended(quantities, 2)) & 1099511627775
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION titles_hash(id bigint, title text, stores bigint[]) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT (hashtextextended(title, hashint8extended(id, 0)) # hash_array_extended(stores, 1)) & 1099511627775
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION titles_hash;
DROP FUNCTION product_hash;
