// Package auth proves who may do something: a bearer key for staff, and tokens
// that open one thing to whoever holds them. It knows neither users nor orders.
package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
)

// MinSecret is the least length of a token secret, in bytes.
const MinSecret = 32

// Tokens makes and checks tokens derived from one secret. They are never
// stored: every process with the same secret makes the same ones.
type Tokens struct {
	secret []byte
}

// NewTokens returns an error for a secret shorter than MinSecret.
func NewTokens(secret string) (Tokens, error) {
	if len(secret) < MinSecret {
		return Tokens{}, errors.New("the token secret must have at least 32 characters")
	}
	return Tokens{secret: []byte(secret)}, nil
}

// Make returns the token for one thing: HMAC-SHA256 over "scope:id", in
// unpadded base64url. The scope keeps tokens of different kinds apart.
func (t Tokens) Make(scope string, id int64) string {
	mac := hmac.New(sha256.New, t.secret)
	mac.Write([]byte(scope + ":" + strconv.FormatInt(id, 10)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Check reports whether token is the one for that thing, in constant time.
func (t Tokens) Check(token, scope string, id int64) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(t.Make(scope, id))) == 1
}

// Staff checks the bearer key of staff. Its zero value lets nobody in.
type Staff struct {
	digest []byte
}

// NewStaff takes the key; an empty one closes every staff route.
func NewStaff(key string) Staff {
	if key == "" {
		return Staff{}
	}
	sum := sha256.Sum256([]byte(key))
	return Staff{digest: sum[:]}
}

// Check reports whether an Authorization header carries the key. Digests are
// compared, so that not even the key's length shows in the time taken.
func (s Staff) Check(authorization string) bool {
	scheme, key, _ := strings.Cut(authorization, " ")
	sum := sha256.Sum256([]byte(strings.TrimSpace(key)))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(sum[:], s.digest) == 1
}
