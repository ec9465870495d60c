package api

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// parseWait reads the preference wait=N of a Prefer header (RFC 7240). The first wait
// counts; preferences that are not understood are ignored, as the RFC asks. A wait longer
// than MaxWait is Malformed, so that nobody believes that we waited.
func parseWait(prefer string) (wait time.Duration, asked bool, err error) {
	for _, preference := range splitQuoted(prefer) {
		preference, _, _ = strings.Cut(preference, ";")
		name, value, _ := strings.Cut(preference, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "wait") {
			continue
		}
		value = strings.TrimSpace(value)
		if unquoted, ok := strings.CutPrefix(value, `"`); ok {
			value = strings.TrimSuffix(unquoted, `"`)
		}
		if value == "" || strings.Trim(value, "0123456789") != "" {
			return 0, false, nil
		}
		seconds, err := strconv.Atoi(value)
		if longest := int(MaxWait / time.Second); err != nil || seconds > longest {
			f := malformed("invalid-header", "Prefer", fmt.Sprintf("wait is at most %d seconds", longest))
			return 0, false, f
		}
		return time.Duration(seconds) * time.Second, true, nil
	}
	return 0, false, nil
}

// splitQuoted splits at commas outside of quoted strings.
func splitQuoted(s string) []string {
	quoted, escaped := false, false
	return strings.FieldsFunc(s, func(r rune) bool {
		switch {
		case escaped:
			escaped = false
		case quoted && r == '\\':
			escaped = true
		case r == '"':
			quoted = !quoted
		}
		return r == ',' && !quoted
	})
}
