package stack

import "path/filepath"

const secretsFile = "secrets.json"

// Secrets are the product's own keys, made once for a data folder.
type Secrets struct {
	// StaffKey opens the staff routes.
	StaffKey string `json:"staff_key"`
	// TokenSecret is what order tokens are derived from.
	TokenSecret string `json:"token_secret"`
}

// LoadSecrets reads the secrets kept (0600) in the data folder, or makes and keeps new ones.
func LoadSecrets(dataDir string) (Secrets, error) {
	var secrets Secrets
	path := filepath.Join(dataDir, secretsFile)
	found, err := readJSON(path, &secrets)
	if err != nil || found && secrets.StaffKey != "" && secrets.TokenSecret != "" {
		return secrets, err
	}
	secrets = Secrets{StaffKey: randomHex(24), TokenSecret: randomHex(32)}
	return secrets, writeJSON(path, secrets, 0o600)
}
