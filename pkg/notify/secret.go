package notify

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// secretPrefix marks a secret of the specification's symmetric scheme.
const secretPrefix = "whsec_"

// The lengths of a secret, in bytes, as the specification bounds them; ours.
const (
	minSecret, maxSecret = 24, 64
	newSecret            = 32
)

// Secret signs what an endpoint is sent. It shows itself to Reveal only: in
// logs, in JSON and in print it is hidden.
type Secret struct{ key []byte }

// NewSecret makes a random one.
func NewSecret() (Secret, error) {
	key := make([]byte, newSecret)
	if _, err := rand.Read(key); err != nil {
		return Secret{}, fmt.Errorf("make a webhook secret: %w", err)
	}
	return Secret{key: key}, nil
}

// errSecret never repeats what was given.
var errSecret = errors.New("a webhook secret is whsec_ and the base64 of 24 to 64 bytes")

// ParseSecret reads what Reveal gave.
func ParseSecret(text string) (Secret, error) {
	encoded, ok := strings.CutPrefix(text, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) < minSecret || len(key) > maxSecret {
		return Secret{}, errSecret
	}
	return Secret{key: key}, nil
}

// Reveal is the secret as a receiver needs it: whsec_ and base64.
func (s Secret) Reveal() string { return secretPrefix + base64.StdEncoding.EncodeToString(s.key) }

// hidden is how a secret shows itself.
const hidden = secretPrefix + "(hidden)"

// String hides the secret.
func (Secret) String() string { return hidden }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return hidden }

// MarshalText hides the secret from JSON.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue hides the secret from logs.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }
