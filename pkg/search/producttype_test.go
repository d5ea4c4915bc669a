package search

import (
	"encoding/json"
	"testing"
)

func TestProductType(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ title, attributes, want, head string }{
		{"Brother TN04C toner cartridge Original Cyan 1 pc(s)", `{"type":"Original"}`, "toner cartridge", "cartridge"},
		{"HP Compaq 2510p Notebook Gray", `{"product_type":"Notebook"}`, "notebook", "notebook"},
		{"Canon 2821A001 camera lens filter 5.2 cm", `{}`, "camera lens filter", "filter"},
		{"StarTech.com 6 ft Monitor VGA Cable - HD15 M/M", `{}`, "cable", "cable"},
		{"Kensington SP Sleeve for iPad - 9\"/22cm", `{}`, "sleeve", "sleeve"},
		{"Xerox Replacement Paper Tray", `{}`, "tray", "tray"},
		// A brand, a colour or a figure is no type.
		{"DELL W009C Black", `{}`, "", ""},
		{"DELL 5330dn 600 x 600 DPI", `{}`, "", ""},
		{"", `{}`, "", ""},
		{"\x00 😀", `{"type":5,"product_type":[]}`, "", ""},
	} {
		var free map[string]json.RawMessage
		if err := json.Unmarshal([]byte(c.attributes), &free); err != nil {
			t.Fatal(err)
		}
		got := ProductType(c.title, free)
		if got != c.want || HeadNoun(got) != c.head {
			t.Errorf("%q is a %q (%q); want %q (%q)", c.title, got, HeadNoun(got), c.want, c.head)
		}
	}
}

func TestAccessories(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		title, kind string
		want        bool
	}{
		{"Targus Laptop Case", "notebook case", true},
		{"Brother Drum for Laser Printer", "", true},
		{"HP EliteBook 2530p Notebook PC", "notebook", false},
		{"Sony batteries", "batteries", true},
		{"Canon EOS 7D", "", false},
	} {
		if got := IsAccessory(c.title, c.kind); got != c.want {
			t.Errorf("%q (%q): got %t", c.title, c.kind, got)
		}
	}
	for query, want := range map[string]bool{
		"laptop bag": true, "Laptop BAGS": true, "hdmi cables": true, "laptop": false, "bus": false, "": false, "usb switches": false,
	} {
		if got := AsksForAccessory(query); got != want {
			t.Errorf("%q asks for an accessory: got %t", query, got)
		}
	}
}

func FuzzProductType(f *testing.F) {
	f.Add("Brother TN04C toner cartridge Original Cyan 1 pc(s)")
	f.Add("for with - /")
	f.Fuzz(func(t *testing.T, title string) {
		kind := ProductType(title, nil)
		if len(kind) > 4*len(title) {
			t.Errorf("%q became %q", title, kind)
		}
		IsAccessory(title, kind)
	})
}
