package search

import "testing"

// Fifty pairs, judged by hand: would a shopper call them one product in two
// colours, lengths, sizes or packs?
func TestFamilyOfFiftyPairs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		brand, a, b string
		same        bool
	}{
		// Colours.
		{"HP", "HP 80 Original Cyan", "HP 80 Original Magenta", true},
		{"HP", "HP 80 Original Cyan", "HP 80 Original", true},
		{"HP", "HP 80 Original Cyan", "HP 82 Original Cyan", false},
		{"HP", "HP 70 Original Light cyan", "HP 70 Original Photo black", true},
		{"Brother", "Brother TN04C toner cartridge Original Cyan 1 pc(s)", "Brother TN04M toner cartridge Original Magenta 1 pc(s)", false},
		{"Sony", "Sony MDR-EX110 headphones Black", "Sony MDR-EX110 headphones White", true},
		{"Sony", "Sony MDR-EX110 headphones Black", "Sony MDR-EX450 headphones Black", false},
		{"Apple", "Apple iPhone 12 Space Grey 64GB", "Apple iPhone 12 Silver 256GB", true},
		{"Trust", "Trust GXT 108 gaming mouse Black/Red", "Trust GXT 108 gaming mouse Black", true},
		{"Acme", "Acme RED-500 alarm clock", "Acme BLUE-500 alarm clock", false},
		{"Logitech", "Logitech K120 keyboard", "Logitech K120 keyboard black", true},
		{"Logitech", "Logitech K120 keyboard", "Logitech K400 keyboard", false},
		// Lengths.
		{"C2G", "C2G 10m Cat5e Patch Cable networking cable Green", "C2G 15m Cat5e Patch Cable networking cable Yellow", true},
		{"C2G", "C2G 10m Cat5e Patch Cable networking cable", "C2G 10m Cat6 Patch Cable networking cable", false},
		{"StarTech.com", "StarTech.com 10 ft VGA Monitor Extension Cable - HD15 M/F", "StarTech.com 6 ft VGA Monitor Extension Cable - HD15 M/F", true},
		{"StarTech.com", "StarTech.com 6 ft VGA Monitor Extension Cable - HD15 M/F", "StarTech.com 6 ft Monitor VGA Cable - HD15 M/M", false},
		{"Tripp Lite", "Tripp Lite DVI Dual Link Cable (DVI-D M/M), 3.05 m (10-ft.)", "Tripp Lite DVI Dual Link Cable (DVI-D M/M), 30.5 m (100-ft.)", true},
		{"Equip", "Equip Cat.5e SF/UTP Patch Cable, 0.25m , Beige", "Equip Cat.5e SF/UTP Patch Cable, 2.0m , Red", true},
		{"Equip", "Equip Cat.5e SF/UTP Patch Cable, 0.25m", "Equip Cat.6 S/FTP Patch Cable, 0.25m", false},
		{"APC", "APC 35ft Cat5e UTP networking cable 10.67 m Gray", "APC 3ft Cat5e UTP networking cable 0.9 m grey", true},
		{"Tripp Lite", "Tripp Lite Duplex Multimode 62.5/125 Fiber Patch Cable (LC/LC), 3M", "Tripp Lite Duplex Multimode 62.5/125 Fiber Patch Cable (LC/LC), 1M", true},
		{"Tripp Lite", "Tripp Lite Duplex Multimode 62.5/125 Fiber Patch Cable (LC/LC), 3M", "Tripp Lite Duplex Multimode 50/125 Fiber Patch Cable (LC/LC), 3M", false},
		{"HERMA", "HERMA Self-adhesive film glossy 10 m x 40 cm", "HERMA Self-adhesive film glossy 2 m x 40 cm", true},
		// Capacities.
		{"SanDisk", "SanDisk Ultra microSDHC memory card 32 GB", "SanDisk Ultra microSDHC memory card 64 GB", true},
		{"SanDisk", "SanDisk Ultra microSDHC memory card 32GB", "SanDisk Extreme microSDHC memory card 32GB", false},
		{"Western Digital", "Western Digital My Passport external hard drive 1 TB", "Western Digital My Passport external hard drive 2 TB Blue", true},
		{"Western Digital", "Western Digital My Passport external hard drive", "Western Digital Elements external hard drive", false},
		{"Kingston", "Kingston HyperX FURY memory module 8 GB DDR4 2400 MHz", "Kingston HyperX FURY memory module 16 GB DDR4 2400 MHz", true},
		{"Kingston", "Kingston HyperX FURY memory module 8 GB DDR4 2400 MHz", "Kingston HyperX FURY memory module 8 GB DDR4 2666 MHz", false},
		// Sizes and packs.
		{"Fruit", "Fruit Valueweight T-shirt Small", "Fruit Valueweight T-shirt XXL", false},
		{"Fruit", "Fruit Valueweight cotton T-shirt Small", "Fruit Valueweight cotton T-shirt XXL", true},
		{"Fruit", "Fruit Valueweight cotton T-shirt Small White", "Fruit Valueweight cotton T-shirt Large Navy", true},
		{"HP", "HP 643A Original Yellow 1 pc(s)", "HP 643A Original Cyan 2 pc(s)", true},
		{"Duracell", "Duracell Plus AA alkaline batteries 4 pack", "Duracell Plus AA alkaline batteries 12 pack", true},
		{"Duracell", "Duracell Plus AA alkaline batteries 4 pack", "Duracell Plus AAA alkaline batteries 4 pack", false},
		{"HERMA", "HERMA Multi-purpose labels 13x40 mm red paper 896 pcs.", "HERMA Multi-purpose labels 13x40 mm blue paper 896 pcs.", true},
		{"HERMA", "HERMA Multi-purpose labels 13x40 mm red paper 896 pcs.", "HERMA Multi-purpose labels 25x40 mm red paper 896 pcs.", false},
		// Part numbers at the end.
		{"Philips", "Philips HDMI cable high speed SWV3435S/10", "Philips HDMI cable high speed SWV3431S/10", true},
		{"Xerox", "Xerox Phaser 6280 Cyan Toner Cartridge - 106R01388", "Xerox Phaser 6280 Yellow Toner Cartridge - 106R01390", true},
		{"Xerox", "Xerox Phaser 6280 Cyan Toner Cartridge - 106R01388", "Xerox Phaser 6180 Cyan Toner Cartridge - 113R00719", false},
		{"Canon", "Canon EOS 750D SLR camera", "Canon EOS 760D SLR camera", false},
		// Models are not variants, however alike.
		{"Intel", "Intel Core E8200 processor 2.66 GHz Box 6 MB L2", "Intel Core E8400 processor 3 GHz Box 6 MB L2", false},
		{"Epson", "Epson LQ-680 Pro dot matrix printer Grey", "Epson LQ-680 Pro dot matrix printer", true},
		{"Epson", "Epson LQ-680 Pro dot matrix printer", "Epson LQ-590 Pro dot matrix printer", false},
		{"DELL", `DELL P2421DC monitor 60.5 cm (23.8") Black`, `DELL P2720DC monitor 68.6 cm (27") Black`, false},
		{"Sharp", `Sharp LC TV panel 76.2 cm (30")`, `Sharp LC TV panel 94 cm (37")`, false},
		// Brands, and titles that say too little.
		{"Black & Decker", "Black & Decker cordless drill KR504", "Black & Decker cordless drill", false},
		{"HP", "HP cable", "HP cable Black", false},
		{"HP", "HP Black", "HP White", false},
		{"Red Bull", "Red Bull energy drink sugarfree 250 ml", "Red Bull energy drink sugarfree 473 ml", true},
	} {
		a, b := Family(c.brand, c.a), Family(c.brand, c.b)
		if same := a == b && a != ""; same != c.same {
			t.Errorf("%q and %q: one family %t, want %t (%q, %q)", c.a, c.b, same, c.same, a, b)
		}
	}
}

func TestFamilyOfOtherBrandsIsAnother(t *testing.T) {
	t.Parallel()
	if Family("A", "usb charging cable black") == Family("B", "usb charging cable black") {
		t.Error("two brands share a family")
	}
}
