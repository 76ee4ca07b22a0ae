#!/usr/bin/env bash
# Guess: a zip keeps the mode of a program, so a `bootstrap` with mode 0755 is executable on Lambda whatever packs it.
# So:    it depends on the call. Python's `python3 -m zipfile` and `ZipFile.write` keep the mode, `ZipFile.writestr` writes 0600, and
#        `extractall` drops every execute permission. JSZip writes no mode at all unless it gets `platform: "UNIX"`, and then takes the mode from
#        an option, not from the file. adm-zip writes 0644 for `addFile`.
# Seen:  Python 3.11.7, JSZip 3.10.1, adm-zip 0.5.16.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.bash" || exit 77

need python3
node_packages jszip@3.10.1 adm-zip@0.5.16
cd -- "$TEMP"
printf '#!/bin/sh\n' >bootstrap
chmod 0755 bootstrap

# mode_in ZIP: prints the mode of `bootstrap`, or that the zip has none.
mode_in() {
  python3 -c '
import sys, zipfile
mode = zipfile.ZipFile(sys.argv[1]).getinfo("bootstrap").external_attr >> 16
print(f"{mode & 0o7777:04o}" if mode else "no mode")' "$1"
}

version=$(python3 -c 'import platform; print("Python", platform.python_version())')
python3 -m zipfile --create command.zip bootstrap
expect "$version, python3 -m zipfile --create" 0755 "$(mode_in command.zip)"
python3 -c 'import zipfile; zipfile.ZipFile("write.zip", "w").write("bootstrap")'
expect "$version, ZipFile.write" 0755 "$(mode_in write.zip)"
python3 -c 'import zipfile; zipfile.ZipFile("writestr.zip", "w").writestr("bootstrap", open("bootstrap").read())'
expect "$version, ZipFile.writestr" 0600 "$(mode_in writestr.zip)"
(umask 022 && python3 -c 'import zipfile; zipfile.ZipFile("write.zip").extractall("out")')
expect "$version, ZipFile.extractall" 644 "$(stat -c %a out/bootstrap)"

cat >pack.js <<'NODE'
const fs = require("fs"), JSZip = require("jszip"), AdmZip = require("adm-zip");
const program = fs.readFileSync("bootstrap");
const pack = async (file, entry, options) => {
  const zip = new JSZip();
  zip.file("bootstrap", program, entry);
  fs.writeFileSync(file, await zip.generateAsync({ type: "nodebuffer", ...options }));
};
(async () => {
  await pack("jszip.zip", {}, {});
  await pack("jszip-permissions.zip", { unixPermissions: 0o755 }, {});
  await pack("jszip-unix.zip", { unixPermissions: 0o755 }, { platform: "UNIX" });
  const added = new AdmZip();
  added.addFile("bootstrap", program);
  added.writeZip("adm-zip-file.zip");
  const local = new AdmZip();
  local.addLocalFile("bootstrap");
  local.writeZip("adm-zip-local.zip");
  console.log(require("jszip/package.json").version, require("adm-zip/package.json").version);
})();
NODE
read -r jszip adm_zip < <(node pack.js)
expect "JSZip $jszip, file()" 'no mode' "$(mode_in jszip.zip)"
expect "JSZip $jszip, unixPermissions alone" 'no mode' "$(mode_in jszip-permissions.zip)"
expect "JSZip $jszip, unixPermissions and platform UNIX" 0755 "$(mode_in jszip-unix.zip)"
expect "adm-zip $adm_zip, addFile" 0644 "$(mode_in adm-zip-file.zip)"
expect "adm-zip $adm_zip, addLocalFile" 0755 "$(mode_in adm-zip-local.zip)"
