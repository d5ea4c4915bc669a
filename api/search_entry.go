package api

import (
	"encoding/binary"
	"time"

	"aforro/pkg/search"
)

// What the cache keeps begins with how far the index was known to be before the
// engine was asked.

// maxEpoch bounds the name of an epoch in an entry; ours are shorter.
const maxEpoch = 256

// maxFacetBytes bounds the facets in an entry: the values that they may have, with
// the longest labels, take less.
const maxFacetBytes = 4 << 20

func appendKnown(b []byte, k search.Known) []byte {
	b = binary.AppendUvarint(b, uint64(len(k.Stamp.Epoch)))
	b = append(b, k.Stamp.Epoch...)
	b = binary.AppendVarint(b, k.Stamp.Sequence)
	b = binary.AppendVarint(b, int64(k.Visible))
	return binary.AppendVarint(b, k.AsOf.UnixMicro())
}

// entryReader reads an entry from its beginning. Once something is broken the
// rest is nothing.
type entryReader struct {
	rest   []byte
	broken bool
}

func (r *entryReader) take(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.rest, r.broken = nil, true
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *entryReader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		n = -1
	}
	r.take(n)
	return v
}

// length reads a number from 0 to most.
func (r *entryReader) length(most uint64) int {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > most {
		n, v = -1, 0
	}
	r.take(n)
	return int(v)
}

// maxText bounds a text in an entry: a query, in bytes.
const maxText = 4 * 2 * search.MaxQuery

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func (r *entryReader) text() string { return string(r.take(r.length(maxText))) }

func (r *entryReader) known() search.Known {
	var k search.Known
	k.Stamp.Epoch = string(r.take(r.length(maxEpoch)))
	k.Stamp.Sequence = r.varint()
	k.Visible = search.Version(r.varint())
	k.AsOf = time.UnixMicro(r.varint()).UTC()
	return k
}

// pack writes the page for the cache. A page of a cursor walk is never cached.
func (p packedPage) pack() []byte {
	b := make([]byte, 0, 128+len(p.Known.Stamp.Epoch)+len(p.digest)+9*len(p.IDs)+len(p.Facets)+len(p.Results))
	b = appendKnown(b, p.Known)
	b = binary.AppendVarint(b, p.Count)
	b = binary.AppendVarint(b, int64(p.Number))
	b = binary.AppendVarint(b, int64(p.Took))
	b = binary.AppendUvarint(b, uint64(len(p.IDs)))
	for _, id := range p.IDs {
		b = binary.AppendVarint(b, id)
	}
	b = appendText(b, p.DidYouMean)
	b = binary.AppendUvarint(b, uint64(len(p.Relaxed)))
	for _, word := range p.Relaxed {
		b = appendText(b, word)
	}
	b = append(b, p.digest[:]...)
	b = binary.AppendUvarint(b, uint64(len(p.Facets)))
	b = append(b, p.Facets...)
	return append(b, p.Results...)
}

// unpackPage reads what pack wrote; false for anything else.
func unpackPage(b []byte) (packedPage, bool) {
	r := entryReader{rest: b}
	p := packedPage{Known: r.known(), Count: r.varint(), Number: int(r.varint()), Took: time.Duration(r.varint())}
	p.IDs = make([]int64, r.length(search.MaxPageSize))
	for i := range p.IDs {
		p.IDs[i] = r.varint()
	}
	p.DidYouMean = r.text()
	if n := r.length(search.MaxQuery); n > 0 {
		p.Relaxed = make([]string, n)
	}
	for i := range p.Relaxed {
		p.Relaxed[i] = r.text()
	}
	copy(p.digest[:], r.take(len(p.digest)))
	if n := r.length(maxFacetBytes); n > 0 {
		p.Facets = r.take(n)
	}
	p.Results = r.rest
	return p, !r.broken && len(p.Results) > 0
}
