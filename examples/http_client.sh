#!/usr/bin/env bash
# Signed requests with curl and openssl. docs/HTTP.md says what is signed. While openssl runs, other users of this machine
# may see its arguments, the secret among them: on a shared machine take http_client.py.
#
#     export PLIMSOLL_URL=http://127.0.0.1:7003 PLIMSOLL_USER=anna PLIMSOLL_SECRET=<hex of `plimsoll keys add`>
#     examples/http_client.sh GET /v1/accounts/anna
#     examples/http_client.sh POST /v1/orders '{"account":"anna","id":"a1","symbol":"RB","side":"buy","price":"5000","qty":"1"}'
#     examples/http_client.sh DELETE '/v1/orders/a1?account=anna'
set -euo pipefail

if [ $# -lt 2 ] || [ $# -gt 3 ]; then
    echo "usage: $0 METHOD PATH [BODY]" >&2
    exit 2
fi
: "${PLIMSOLL_URL:=http://127.0.0.1:7003}" "${PLIMSOLL_USER:?the key\'s name}" "${PLIMSOLL_SECRET:?its secret in hex}"

method="$1" target="$2" body="${3-}"
# The server's clock, so that this machine's may be wrong.
timestamp="$(curl -sSf "$PLIMSOLL_URL/v1/time" | sed 's/.*"ms":\([0-9]*\).*/\1/')"
nonce="$(openssl rand -hex 16)"
digest="$(printf %s "$body" | openssl dgst -sha256 -r | cut -d' ' -f1)"
signature="$(printf '%s\n%s\n%s\n%s\n%s' "$method" "$target" "$timestamp" "$nonce" "$digest" |
    openssl dgst -sha256 -mac HMAC -macopt "hexkey:$PLIMSOLL_SECRET" -r | cut -d' ' -f1)"

curl -sS -X "$method" "$PLIMSOLL_URL$target" \
    -H "X-Plimsoll-User: $PLIMSOLL_USER" \
    -H "X-Plimsoll-Timestamp: $timestamp" \
    -H "X-Plimsoll-Nonce: $nonce" \
    -H "X-Plimsoll-Signature: $signature" \
    ${body:+--data-binary "$body"}
echo
