package page

// SentenceFormats are the sentences about fields that have words.
func SentenceFormats() []string {
	all := make([]string, len(sentences))
	for i, s := range sentences {
		all[i] = s.format
	}
	return all
}
