# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# How this host reaches the Debian archive: for tools that make a root or fetch a package.

# Prints "ADDRESS KEYRING", by what apt uses here; returns 1 if apt knows no Debian archive. apt reads
# its sources in any format. The main archive is the one that carries whole suites.
debian_archive() {
	# shellcheck disable=SC2016 # apt fills these in, not the shell
	apt-get indextargets --format '$(REPO_URI) $(LABEL) $(COMPONENT) $(SIGNED_BY)' 'Created-By: Packages' |
		awk '$2 == "Debian" && $3 == "main" { print $1, $4; found = 1; exit } END { exit !found }' |
		while read -r address keys; do
			[ -f "$keys" ] || keys=/usr/share/keyrings/debian-archive-keyring.gpg
			echo "$address $keys"
		done | grep .
}

# Prints the options by which apt reaches the network here: proxy, certificates, clock checks.
debian_options() {
	apt-config dump | grep -E '^Acquire::(https?|Check|Retries|Force)' || true
}
