package catalog

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Price is an amount in minor units (cents): 27.95 is Price(2795). Prices are
// parsed as decimals and never pass through a float.
type Price int64

// MaxPrice is the largest price that the catalogue takes: numeric(12,2).
const MaxPrice Price = 999_999_999_999

// ErrPrice is returned for text that is no price: a decimal without sign or
// exponent, at most two decimals that are not zero, at most MaxPrice.
var ErrPrice = errors.New("a price is a decimal such as 27.95, not negative, with at most two decimals")

// ParsePrice reads a decimal such as "27.95", "27.9", "27" or "27.950".
func ParsePrice(s string) (Price, error) {
	p, err := parseAmount(s)
	if err != nil || p > MaxPrice {
		return 0, ErrPrice
	}
	return p, nil
}

// parseAmount is ParsePrice for sums, which may be as large as 64 bits hold.
func parseAmount(s string) (Price, error) {
	whole, frac, _ := strings.Cut(s, ".")
	frac = strings.TrimRight(frac, "0")
	if len(frac) > 2 || !digits(whole) || (frac != "" && !digits(frac)) || strings.HasSuffix(s, ".") {
		return 0, ErrPrice
	}
	n, err := strconv.ParseInt(whole+(frac + "00")[:2], 10, 64)
	if err != nil {
		return 0, ErrPrice
	}
	return Price(n), nil
}

func digits(s string) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// String gives the price with two decimals: "27.95".
func (p Price) String() string { return fmt.Sprintf("%d.%02d", p/100, p%100) }

// Times is the price of n pieces. It reports false when that is beyond 64 bits.
func (p Price) Times(n int64) (Price, bool) {
	if n < 0 || p < 0 || (p != 0 && n > math.MaxInt64/int64(p)) {
		return 0, false
	}
	return p * Price(n), true
}

// MarshalText gives the price as a decimal, so that JSON carries a string.
func (p Price) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what MarshalText wrote, a sum of prices too.
func (p *Price) UnmarshalText(text []byte) (err error) {
	*p, err = parseAmount(string(text))
	return err
}

// Scan reads a numeric column (database/sql.Scanner).
func (p *Price) Scan(src any) error {
	switch v := src.(type) {
	case string:
		return p.UnmarshalText([]byte(v))
	case []byte:
		return p.UnmarshalText(v)
	}
	return fmt.Errorf("scan a price from %T: %w", src, ErrPrice)
}

// Value writes a numeric column (database/sql/driver.Valuer).
func (p Price) Value() (driver.Value, error) { return p.String(), nil }
