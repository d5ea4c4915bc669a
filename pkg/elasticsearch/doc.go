// Package elasticsearch is the adapter for Elasticsearch, which finds: the only
// importer of go-elasticsearch. It builds queries and documents, walks pages,
// and manages the versions of the index behind the alias.
//
// Searches read the alias "<prefix>-products", suggestions "<prefix>-titles". A
// version is two indices, "<prefix>-products-000001" and "<prefix>-titles-000001",
// and goes by the name of the first. Whatever Elasticsearch or the network
// does, callers get a fault.Error: Unavailable when the same call may succeed
// later, never a driver's text.
package elasticsearch
