package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
)

// The headers of a signed webhook.
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
)

// Tolerance is how far a webhook's timestamp may be from a receiver's clock, so
// that a recorded request cannot be played again later.
const Tolerance = 5 * time.Minute

// signatureVersion marks a signature of the symmetric scheme.
const signatureVersion = "v1,"

// Signed is what the headers of a webhook say.
type Signed struct {
	ID        string
	Timestamp string
	// Signature is one signature for each secret, separated by spaces.
	Signature string
}

// Sign signs a body that is sent at a time, once with each secret: during a
// rotation both are valid.
func Sign(id string, at time.Time, body []byte, secrets ...Secret) Signed {
	s := Signed{ID: id, Timestamp: strconv.FormatInt(at.Unix(), 10)}
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		signatures[i] = signatureVersion + base64.StdEncoding.EncodeToString(secret.sum(s.ID, s.Timestamp, body))
	}
	s.Signature = strings.Join(signatures, " ")
	return s
}

// sum is the HMAC-SHA256 of "id.timestamp.body".
func (s Secret) sum(id, timestamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return mac.Sum(nil)
}

// What Verify finds wrong.
var (
	ErrTimestamp = errors.New("the webhook's timestamp is missing or too far from now")
	ErrSignature = errors.New("no signature of the webhook is that of the secret")
)

// Verify does what a receiver does: it returns nil when one of the signatures
// was made with the secret, over this body, at about this time.
func Verify(secret Secret, s Signed, body []byte, now time.Time) error {
	seconds, err := strconv.ParseInt(s.Timestamp, 10, 64)
	if err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > Tolerance {
		return ErrTimestamp
	}
	want := secret.sum(s.ID, s.Timestamp, body)
	for candidate := range strings.FieldsSeq(s.Signature) {
		encoded, ok := strings.CutPrefix(candidate, signatureVersion)
		got, err := base64.StdEncoding.DecodeString(encoded)
		if ok && err == nil && hmac.Equal(got, want) {
			return nil
		}
	}
	return ErrSignature
}
