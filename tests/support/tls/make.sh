#!/bin/sh
# Makes the certificates of the TLS tests again: `sh make.sh`. They are worth nothing outside the
# tests, and valid from 2020 to 2120, so that no test ever fails by the date.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work"
touch index
cat > conf <<'CONF'
[ca]
default_ca = test
[test]
database = index
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical,CA:FALSE
subjectKeyIdentifier = hash
subjectAltName = ${ENV::NAMES}
CONF

make() { # file, name, section, how to sign
  file=$1; export NAMES="DNS:$2"; section=$3; shift 3
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -keyout "$file.key" -out "$file.csr" -subj "/CN=$NAMES" 2> /dev/null
  openssl ca -batch -notext -config conf -extensions "$section" -in "$file.csr" -out "$file.crt" \
    -startdate 20200101000000Z -enddate 21200101000000Z "$@" 2> /dev/null
  cat "$file.crt" "$file.key" > "$here/$file.pem"
}
make ca ca.test root -selfsign -keyfile ca.key
make smsc smsc.test leaf -cert ca.crt -keyfile ca.key
make other other.test leaf -cert ca.crt -keyfile ca.key
make esme esme.test leaf -cert ca.crt -keyfile ca.key
make self smsc.test leaf -selfsign -keyfile self.key
cp ca.crt "$here/ca.pem"
