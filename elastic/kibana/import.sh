#!/bin/sh
# Imports every file of saved objects beside this script into Kibana; what is there already is overwritten.
set -eu
cd "$(dirname "$0")"
for file in *.ndjson; do
  echo "importing $file into $KIBANA_URL"
  curl -fsS -X POST "$KIBANA_URL/api/saved_objects/_import?overwrite=true" -H 'kbn-xsrf: aforro' --form "file=@$file"
  echo
done
