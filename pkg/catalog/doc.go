// Package catalog holds what a shop sells and where: products, categories,
// stores, and money. It knows no database and no transport.
package catalog
