package storefront

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
)

//go:embed assets/*
var assetFiles embed.FS

// Asset is a file that pages use.
type Asset struct {
	ContentType string
	Body        []byte
	// Version stands in its address and changes with what is in it.
	Version string
}

var assetTypes = map[string]string{
	"store.css": "text/css; charset=utf-8",
	"store.js":  "text/javascript; charset=utf-8",
	"icon.svg":  "image/svg+xml",
}

func readAssets() (map[string]Asset, error) {
	assets := map[string]Asset{}
	for name, contentType := range assetTypes {
		body, err := assetFiles.ReadFile("assets/" + name)
		if err != nil {
			return nil, fmt.Errorf("read an asset: %w", err)
		}
		sum := sha256.Sum256(body)
		assets[name] = Asset{ContentType: contentType, Body: body, Version: hex.EncodeToString(sum[:6])}
	}
	return assets, nil
}

// Asset finds a file by its name.
func (p *Pages) Asset(name string) (Asset, bool) {
	a, found := p.assets[name]
	return a, found
}

// assetPath is where a file is served.
func (p *Pages) assetPath(name string) string {
	return "/assets/" + p.assets[name].Version + "/" + name
}
