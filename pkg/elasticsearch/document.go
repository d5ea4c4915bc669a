package elasticsearch

import (
	"cmp"
	"fmt"
	"strconv"

	"aforro/pkg/search"
)

// Render gives the JSON that Bulk stores for a document in that part.
func (c *Client) Render(doc *search.Document, part search.Part) ([]byte, error) {
	return appendDocument(nil, doc, part)
}

func appendDocument(b []byte, doc *search.Document, part search.Part) ([]byte, error) {
	if part == search.Titles {
		return appendTitle(b, doc)
	}
	b, err := appendProduct(b, doc)
	if err != nil {
		return nil, fmt.Errorf("write the document of product %d: %w", doc.ID, err)
	}
	return b, nil
}

// appendProduct writes a product as it is indexed: every field of the mapping but
// the copied ones.
func appendProduct(b []byte, doc *search.Document) ([]byte, error) {
	list, err := attributes(doc.Attributes)
	if err != nil {
		return nil, err
	}
	b = strconv.AppendInt(append(b, `{"id":`...), doc.ID, 10)
	b = appendMember(b, "sku", doc.SKU)
	b = appendSome(b, "gtin", doc.GTIN)
	b = appendMember(b, "title", doc.Title)
	b = appendSome(b, "description", doc.Description)
	b = appendSome(b, "brand", doc.Brand)
	b = appendMember(b, "category", doc.Category)
	kind := search.ProductType(doc.Title, typeNames(list))
	b = appendSome(b, "type", kind)
	b = appendSome(b, "head", search.HeadNoun(kind))
	b = strconv.AppendBool(append(b, `,"accessory":`...), search.IsAccessory(doc.Title, kind))
	b = appendMember(b, "family", family(doc.Brand, doc.Title, doc.ID))
	b = strconv.AppendInt(append(b, `,"price":`...), int64(doc.Price), 10)
	if doc.ReleasedOn != nil {
		b = append(doc.ReleasedOn.AppendFormat(append(b, `,"released_on":"`...), "2006-01-02"), '"')
	}
	b = appendSome(b, "image_url", doc.ImageURL)
	if len(list) > 0 {
		b = appendList(append(b, `,"attributes":`...), list, appendAttribute)
		b = appendFacets(b, list)
	}
	return appendHash(appendStock(b, doc.Stock), doc.Hash), nil
}

// appendHash ends a document with what it is recognised by.
func appendHash(b []byte, hash int64) []byte {
	return append(strconv.AppendInt(append(b, `,"hash":`...), hash, 10), '}')
}

func appendStock(b []byte, stock []search.Stock) []byte {
	b = appendStores(append(b, `,"stores":`...), stock)
	available := make([]search.Stock, 0, len(stock))
	for _, line := range stock {
		if line.Quantity > 0 {
			available = append(available, line)
		}
	}
	b = appendStores(append(b, `,"stores_in_stock":`...), available)
	return appendList(append(b, `,"stock":`...), stock, func(b []byte, line search.Stock) []byte {
		b = strconv.AppendInt(append(b, `{"store_id":`...), line.StoreID, 10)
		return append(strconv.AppendInt(append(b, `,"quantity":`...), line.Quantity, 10), '}')
	})
}

// family is the key of a product's family, which may be its own.
func family(brand, title string, id int64) string {
	return cmp.Or(search.Family(brand, title), strconv.FormatInt(id, 10))
}

func appendStores(b []byte, stock []search.Stock) []byte {
	return appendList(b, stock, func(b []byte, line search.Stock) []byte { return strconv.AppendInt(b, line.StoreID, 10) })
}
