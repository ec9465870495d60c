package customer

// crumb is one step of the way to a page; without a path it is no link.
type crumb struct{ Label, Path string }
