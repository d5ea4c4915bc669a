package api

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
)

// digest stands for some bytes in an ETag.
type digest [16]byte

func digestOf(parts ...[]byte) (d digest) {
	h := sha256.New()
	for _, part := range parts {
		h.Write(part)
	}
	copy(d[:], h.Sum(nil))
	return d
}

// etag is a strong ETag (RFC 9110, 8.8.3).
func (d digest) etag() string { return `"` + base64.RawURLEncoding.EncodeToString(d[:]) + `"` }

// matches reports whether If-None-Match names the ETag.
func matches(ifNoneMatch, etag string) bool {
	if etag == "" || ifNoneMatch == "" {
		return false
	}
	for tag := range strings.SplitSeq(ifNoneMatch, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
			return true
		}
	}
	return false
}

// unlessKnown takes the body away from an answer that the caller has already; that
// of any other states its length.
func (r *readyMade) unlessKnown(ifNoneMatch string) *readyMade {
	if matches(ifNoneMatch, r.ETag) {
		r.Status, r.Body, r.ContentType = http.StatusNotModified, nil, ""
		return r
	}
	r.Length = strconv.Itoa(len(r.Body))
	return r
}
