package postgres

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"aforro/pkg/search"
)

const (
	// maxPayload is the longest payload of a notification, in bytes: PostgreSQL
	// takes less than 8,000.
	maxPayload = 7999
	// payloadForm begins every payload: another form begins otherwise.
	payloadForm = "1"
	// maxRaw is what fits into a payload, before it is written in base 64.
	maxRaw = (maxPayload - len(payloadForm)) * 3 / 4
	// maxHead bounds a payload's head: most of it is for ids.
	maxHead = 2000
	// maxTold is how many changed products are told by name. More are told as
	// everything: who listens keeps fewer pages than that anyway.
	maxTold = 20_000
)

// The flags of a payload.
const (
	flagEverything byte = 1 << iota
	flagFreshness
)

var errPayload = errors.New("a notification of the index's progress cannot be read")

// payloads writes a message as one payload or more. Parts have the message's
// sequence and are numbered; they are sent in one transaction, so that they
// arrive together and in order.
func payloads(p search.Progress) ([]string, error) {
	ids := slices.Compact(slices.Sorted(slices.Values(p.Changed)))
	if len(ids) > maxTold {
		p.Everything = true
	}
	if p.Everything {
		ids = nil
	}
	room := maxRaw - len(head(p, math.MaxInt16, math.MaxInt16))
	if room < maxRaw-maxHead {
		return nil, fmt.Errorf("tell the index's progress: its epoch and freshness take more than %d bytes", maxHead)
	}
	bodies := [][]byte{nil}
	for len(ids) > 0 {
		body, n := packIDs(ids, room)
		bodies[len(bodies)-1] = body
		if ids = ids[n:]; len(ids) > 0 {
			bodies = append(bodies, nil)
		}
	}
	texts := make([]string, len(bodies))
	for i, body := range bodies {
		texts[i] = payloadForm + base64.RawStdEncoding.EncodeToString(append(head(p, i, len(bodies)), body...))
	}
	return texts, nil
}

// head is what stands before the ids. Only the first part carries freshness.
func head(p search.Progress, part, parts int) []byte {
	var flags byte
	if p.Everything {
		flags |= flagEverything
	}
	if len(p.Freshness) > 0 && (part == 0 || part == math.MaxInt16) {
		flags |= flagFreshness
	}
	b := appendText(nil, p.Epoch)
	b = binary.AppendVarint(b, p.Sequence)
	b = binary.AppendUvarint(b, uint64(part))
	b = binary.AppendUvarint(b, uint64(parts))
	b = binary.AppendVarint(b, int64(p.Visible))
	b = binary.AppendVarint(b, p.AsOf.UnixMicro())
	b = append(b, flags)
	if flags&flagFreshness == 0 {
		return b
	}
	b = binary.AppendUvarint(b, uint64(len(p.Freshness)))
	for _, f := range p.Freshness {
		b = appendText(b, f.Kind)
		for _, n := range []int64{f.Changes, int64(f.P50), int64(f.P99), int64(f.Max)} {
			b = binary.AppendVarint(b, n)
		}
	}
	return b
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// packIDs writes as many of the ids, which ascend, as fit into room bytes: the
// first, then how much each is above the one before.
func packIDs(ids []int64, room int) (b []byte, n int) {
	for n < len(ids) && len(b)+binary.MaxVarintLen64 <= room {
		if n == 0 {
			b = binary.AppendVarint(b, ids[0])
		} else {
			b = binary.AppendUvarint(b, uint64(ids[n])-uint64(ids[n-1]))
		}
		n++
	}
	return b, n
}

// part is one payload, read.
type part struct {
	search.Progress
	number, of int
}

// readPayload reads what payloads wrote; anything else is errPayload.
func readPayload(text string) (p part, err error) {
	if len(text) > maxPayload || len(text) < len(payloadForm) || text[:len(payloadForm)] != payloadForm {
		return p, errPayload
	}
	raw, err := base64.RawStdEncoding.Strict().DecodeString(text[len(payloadForm):])
	if err != nil {
		return p, errPayload
	}
	r := payloadReader{rest: raw}
	p.Epoch, p.Sequence = r.text(), r.varint()
	p.number, p.of = r.count(math.MaxInt16), r.count(math.MaxInt16)
	p.Visible, p.AsOf = search.Version(r.varint()), time.UnixMicro(r.varint()).UTC()
	flags := r.flags()
	p.Everything = flags&flagEverything != 0
	if flags&flagFreshness != 0 {
		for range r.count(maxHead) {
			p.Freshness = append(p.Freshness, search.Freshness{Kind: r.text(), Changes: r.varint(),
				P50: time.Duration(r.varint()), P99: time.Duration(r.varint()), Max: time.Duration(r.varint())})
		}
	}
	p.Changed = r.ids()
	if r.broken || p.number >= p.of {
		return part{}, errPayload
	}
	return p, nil
}

// payloadReader reads a payload from its beginning. Once something is broken the
// rest is nothing.
type payloadReader struct {
	rest   []byte
	broken bool
}

func (r *payloadReader) take(n int) {
	if n <= 0 || n > len(r.rest) {
		r.rest, r.broken = nil, true
		return
	}
	r.rest = r.rest[n:]
}

func (r *payloadReader) varint() int64 {
	v, n := binary.Varint(r.rest)
	r.take(n)
	return v
}

func (r *payloadReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	r.take(n)
	return v
}

// count reads a number that is at most most.
func (r *payloadReader) count(most uint64) int {
	v := r.uvarint()
	if v > most || r.broken {
		r.rest, r.broken = nil, true
		return 0
	}
	return int(v)
}

func (r *payloadReader) text() string {
	n := r.count(maxHead)
	if n > len(r.rest) || r.broken {
		r.rest, r.broken = nil, true
		return ""
	}
	text := string(r.rest[:n])
	r.rest = r.rest[n:]
	return text
}

func (r *payloadReader) flags() byte {
	if len(r.rest) == 0 {
		r.broken = true
		return 0
	}
	flags := r.rest[0]
	r.rest = r.rest[1:]
	if flags&^(flagEverything|flagFreshness) != 0 {
		r.rest, r.broken = nil, true
	}
	return flags
}

// ids reads ascending ids to the end.
func (r *payloadReader) ids() (ids []int64) {
	for len(r.rest) > 0 && !r.broken {
		if ids == nil {
			ids = append(ids, r.varint())
			continue
		}
		last, step := ids[len(ids)-1], r.uvarint()
		next := int64(uint64(last) + step)
		if next <= last {
			r.broken = true
		}
		ids = append(ids, next)
	}
	return ids
}
