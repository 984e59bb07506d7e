package sweep

// Sliced sets the size of the slices, in bytes.
func (o Options) Sliced(bytes int64) Options { o.slice = bytes; return o }
