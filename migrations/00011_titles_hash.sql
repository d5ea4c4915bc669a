-- What suggestions are made of besides the title and the stores: brand, category
-- and the attributes that name a product's type (search.TypeAttributes). Arrays
-- are not in the chain, as in product_hash. The function of before stays for
-- programs of before.
-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION titles_hash(id bigint, title text, brand text, category text, attributes jsonb, stores bigint[])
RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT (hashtextextended(title, hashtextextended(brand, hashtextextended(category,
        hashtextextended(coalesce((attributes -> 'product_type')::text, ''), hashtextextended(coalesce((attributes -> 'device_type')::text, ''),
        hashtextextended(coalesce((attributes -> 'type')::text, ''), hashint8extended(id, 0)))))))
        # hash_array_extended(stores, 1)) & 1099511627775
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION titles_hash(bigint, text, text, text, jsonb, bigint[]);
