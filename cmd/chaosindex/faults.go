package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
)

// fault is one thing that goes wrong: how it is done, and what is to heal it. do
// returns when it is over; its note tells what was seen meanwhile.
type fault struct {
	name  string
	do    func(g *ground, ctx context.Context, rng *rand.Rand) (note string, err error)
	heals string
	// alone: a new index would heal it as well, so that no reindex runs until it has.
	alone bool
}

// faults come in this order once, then at random.
var faults = []fault{
	{"the following indexer is killed", (*ground).killIndexer, "the other takes over and repeats what was not confirmed", false},
	{"a reindex is killed", (*ground).killReindex, "the live index was not touched", false},
	{"Elasticsearch is killed and started", (*ground).restartElasticsearch, "the batch waits and is sent again", false},
	{"Elasticsearch resets and delays connections", (*ground).disturbElasticsearch, "the bulk is sent again", false},
	{"every index is deleted", (*ground).deleteIndices, "the indexer builds a new one", false},
	{"every document is deleted", (*ground).deleteDocuments, "the indexer notices and repairs or builds anew", true},
	{"every index is blocked as by a full disk", (*ground).blockIndices, "the batch waits and is sent again", false},
	{"Elasticsearch finds its disk full", (*ground).fillDisk, "the batch waits and is sent again", false},
	{"PostgreSQL is killed and started", (*ground).restartPostgres, "the stream begins at what was confirmed last", false},
	{"connections to PostgreSQL are reset", (*ground).disturbPostgres, "the stream begins at what was confirmed last", false},
	{"the slot is dropped", (*ground).dropSlot, "the indexer makes a new slot and what could have been missed is written", false},
	{"the stream is cut within 100,000 rows", (*ground).cutTransaction, "the transaction is streamed again from its beginning", false},
	{"a document is refused", (*ground).refuseDocument, "others pass; it is written when its product is mended", false},
	{"one id is deleted and inserted again and again", (*ground).alternate, "versions: the last state wins", false},
	{"inventory is truncated", (*ground).truncateInventory, "everything is compared and written", false},
	{"products are truncated", (*ground).truncateProducts, "everything is compared and written", false},
	{"the largest category is renamed", (*ground).renameCategory, "its products are written in chunks", false},
}

// choose gives the faults whose name matches the pattern.
func choose(pattern string) (chosen []fault, err error) {
	named, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("choose faults: %w", err)
	}
	for _, f := range faults {
		if named.MatchString(f.name) {
			chosen = append(chosen, f)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no fault's name matches %q", pattern)
	}
	return chosen, nil
}

// Kinds of findings that are made while the run goes on.
const (
	foundTakeover = "takeover" // nobody followed soon enough after a kill
	foundRefused  = "refused"  // a refused document was not treated as it should be
	foundWriter   = "writer"   // a writer had nothing to write with, or to
)
