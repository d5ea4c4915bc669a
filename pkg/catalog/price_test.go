package catalog

import (
	"encoding/json"
	"math"
	"testing"
)

func TestParsePrice(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Price{
		"0": 0, "27.95": 2795, "27.9": 2790, "27": 2700, "27.950": 2795, "0.01": 1, "007.50": 750,
		"9999999999.99": MaxPrice,
	} {
		if got, err := ParsePrice(text); err != nil || got != want {
			t.Errorf("%q: got %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", ".", ".5", "5.", "-1", "+1", "1e2", "NaN", "Infinity", "1,50", " 1", "1.005", "0x10", "१",
		"10000000000", "99999999999999999999", "1.5.0", "1_000",
	} {
		if got, err := ParsePrice(text); err == nil {
			t.Errorf("%q was taken as %d", text, got)
		}
	}
}

func FuzzParsePrice(f *testing.F) {
	f.Add("27.95")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePrice(text)
		if err != nil {
			return
		}
		if again, err := ParsePrice(p.String()); err != nil || again != p {
			t.Errorf("%q became %s, which reads as %d, %v", text, p, again, err)
		}
	})
}

func TestPriceIsAStringInJSON(t *testing.T) {
	t.Parallel()
	body, err := json.Marshal(map[string]Price{"price": 120})
	if err != nil || string(body) != `{"price":"1.20"}` {
		t.Errorf("got %s, %v", body, err)
	}
}

func TestTimesDoesNotOverflow(t *testing.T) {
	t.Parallel()
	if p, ok := Price(2795).Times(3); !ok || p != 8385 {
		t.Errorf("got %d, %t", p, ok)
	}
	if _, ok := MaxPrice.Times(math.MaxInt32); ok {
		t.Error("an overflow was not seen")
	}
	if _, ok := Price(1).Times(-1); ok {
		t.Error("a negative number of pieces was taken")
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	pune, mumbai := Store{Latitude: 18.5204, Longitude: 73.8567}, Store{Latitude: 19.0760, Longitude: 72.8777}
	if d := pune.DistanceKM(mumbai); d < 115 || d > 125 {
		t.Errorf("Pune is %.1f km from Mumbai; it should be about 120", d)
	}
	if d := pune.DistanceKM(pune); d != 0 {
		t.Errorf("a store is %.1f km from itself", d)
	}
}
