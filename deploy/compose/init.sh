#!/bin/sh
# Makes the keys and passwords that all replicas share, once. What is there already stays: without these keys, no
# server starts on the database. Back them up apart from it.
set -eu
cd "$(dirname "$0")"
umask 077
# The folder is closed to other users of the machine. The files in it are open, because in the containers they are read by
# users who do not exist here.
mkdir -p secrets

# Runs a command and keeps what it prints, unless the file is there.
make() {
  file=secrets/$1
  shift
  [ ! -s "$file" ] || return 0
  "$@" > "$file.new"
  chmod 444 "$file.new"
  mv "$file.new" "$file"
  echo "made $file"
}

hex() { od -A n -v -t x1 -N 32 /dev/urandom | tr -d ' \n'; }

make seal.key head -c 32 /dev/urandom
make audit.key hex
make postgres-password hex
make postgres-superuser-password hex
