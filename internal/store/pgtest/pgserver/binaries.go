package pgserver

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Oldest is the oldest major version that RefundDesk supports.
const Oldest = 15

// errNoBinaries tells how to get what is missing.
var errNoBinaries = errors.New("no PostgreSQL 15 or later on this machine: run `make postgres`, which installs it, " +
	"or `apt-get install postgresql`, or name a server for the tests in REFUNDDESK_TEST_POSTGRES")

// packaged is where Debian and its kin keep the programs of each version, off the PATH.
const packaged = "/usr/lib/postgresql/*/bin"

// binaries gives the folder with initdb and postgres: the newest packaged version, else
// whatever pg_config or the PATH lead to.
func binaries() (string, error) {
	var folders []string
	found, err := filepath.Glob(packaged)
	if err != nil {
		return "", err
	}
	folders = append(folders, found...)
	slices.SortFunc(folders, func(a, b string) int { return packagedVersion(b) - packagedVersion(a) })
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		folders = append(folders, strings.TrimSpace(string(out)))
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		folders = append(folders, filepath.Dir(path))
	}
	for _, folder := range folders {
		if version(folder) >= Oldest {
			return folder, nil
		}
	}
	return "", errNoBinaries
}

// packagedVersion reads the version from /usr/lib/postgresql/VERSION/bin.
func packagedVersion(folder string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
	if err != nil {
		return 0
	}
	return n
}

var majorVersion = regexp.MustCompile(`(\d+)`)

// version asks the programs themselves; 0 when they are not all there.
func version(folder string) int {
	if _, err := os.Stat(filepath.Join(folder, "initdb")); err != nil {
		return 0
	}
	out, err := exec.Command(filepath.Join(folder, "postgres"), "--version").Output()
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(majorVersion.FindString(string(out)))
	if err != nil {
		return 0
	}
	return n
}
