package fault

// Clip shortens somebody's input to at most so many characters for an error message, and
// shows with "…" that there was more.
func Clip(s string, most int) string {
	n := 0
	for i := range s {
		if n == most {
			return s[:i] + "…"
		}
		n++
	}
	return s
}
