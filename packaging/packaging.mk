# SPDX-License-Identifier: MIT
# Installing and packaging; included by the Makefile, whose variables it uses.

# Where things go: GNU's names. A package sets DESTDIR, prefix=/usr, sysconfdir=/etc, and unitdir as its distribution has it.
DESTDIR ?=
prefix ?= /usr/local
bindir ?= $(prefix)/bin
mandir ?= $(prefix)/share/man
docdir ?= $(prefix)/share/doc/strowger
sysconfdir ?= $(prefix)/etc
unitdir ?= $(prefix)/lib/systemd/system
sysusersdir ?= $(prefix)/lib/sysusers.d
bashdir ?= $(prefix)/share/bash-completion/completions
zshdir ?= $(prefix)/share/zsh/vendor-completions
fishdir ?= $(prefix)/share/fish/vendor_completions.d
INSTALL ?= install

# What people read and copy from, in the folders that it has here, so that its links hold.
DOCS = README.md README.zh-CN.md CHANGELOG.md SECURITY.md $(wildcard docs/*.md docs/*.png docs/dialects/*.md examples/*.toml \
	examples/rooms/* packaging/*.yml packaging/*.json packaging/*.conf packaging/*.toml packaging/proxy/*)
UNITS = $(wildcard packaging/systemd/strowger.*)

.PHONY: install uninstall deb packages

# An own strowger.toml is never written over.
install: all ## install the program and what belongs to it (DESTDIR, prefix=/usr/local)
	$(INSTALL) -d $(foreach dir,$(bindir) $(mandir)/man1 $(mandir)/man5 $(docdir) $(sysconfdir)/strowger $(unitdir) \
		$(sysusersdir) $(bashdir) $(zshdir) $(fishdir),'$(DESTDIR)$(dir)')
	$(INSTALL) -m 755 $(PROGRAM) '$(DESTDIR)$(bindir)/strowger'
	$(INSTALL) -m 644 packaging/man/*.1 '$(DESTDIR)$(mandir)/man1'
	$(INSTALL) -m 644 packaging/man/*.5 '$(DESTDIR)$(mandir)/man5'
	for file in $(DOCS); do $(INSTALL) -D -m 644 $$file '$(DESTDIR)$(docdir)'/$$file; done
	tools/sbom $(VERSION) >'$(DESTDIR)$(docdir)/strowger.spdx.json'
	$(INSTALL) -m 644 packaging/sysusers.d/strowger.conf '$(DESTDIR)$(sysusersdir)'
	$(INSTALL) -m 644 packaging/completions/strowger.bash '$(DESTDIR)$(bashdir)/strowger'
	$(INSTALL) -m 644 packaging/completions/strowger.zsh '$(DESTDIR)$(zshdir)/_strowger'
	$(INSTALL) -m 644 packaging/completions/strowger.fish '$(DESTDIR)$(fishdir)'
	for unit in $(UNITS); do sed -e 's|/usr/bin/strowger|$(bindir)/strowger|g' \
		-e 's|/etc/strowger|$(sysconfdir)/strowger|g' $$unit >'$(DESTDIR)$(unitdir)'/$${unit##*/}; done
	[ -e '$(DESTDIR)$(sysconfdir)/strowger/strowger.toml' ] || \
		$(INSTALL) -m 644 packaging/debian/strowger.toml '$(DESTDIR)$(sysconfdir)/strowger/strowger.toml'

uninstall: ## remove what `make install` put there, but for the configuration
	rm -f '$(DESTDIR)$(bindir)/strowger' '$(DESTDIR)$(mandir)'/man1/strowger.1 '$(DESTDIR)$(mandir)'/man5/strowger.toml.5 \
		'$(DESTDIR)$(sysusersdir)/strowger.conf' '$(DESTDIR)$(bashdir)/strowger' '$(DESTDIR)$(zshdir)/_strowger' \
		'$(DESTDIR)$(fishdir)/strowger.fish' $(foreach unit,$(UNITS),'$(DESTDIR)$(unitdir)/$(notdir $(unit))')
	rm -rf '$(DESTDIR)$(docdir)'

# The package is built in a copy of what git knows, and of the client library that the build would fetch.
DEB_TREE := build/deb/strowger-$(VERSION)

deb: ## build the Debian package into build/deb
	@tools/deps build packages
	@tools/deps client
	rm -rf build/deb && mkdir -p $(DEB_TREE)
	git ls-files -z | xargs -0 cp --parents -t $(DEB_TREE)
	[ "$$(dpkg-parsechangelog -l packaging/debian/changelog -S Version)" = $(VERSION)-1 ]
	if [ -d client/node_modules ]; then cp -r client/node_modules $(DEB_TREE)/client/; fi
	cp -r packaging/debian $(DEB_TREE)/debian
	cp packaging/sysusers.d/strowger.conf $(DEB_TREE)/debian/strowger.sysusers
	cd $(DEB_TREE) && dpkg-buildpackage --build=binary --no-sign --jobs=$(JOBS)
	lintian --fail-on error,warning --tag-display-limit 0 build/deb/strowger_*.changes

packages: ## make, install, try and remove what is shipped: files, package, image, chart
	@tools/deps build packages
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@tests/packaging/run
