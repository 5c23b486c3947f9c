package provision

// File is the content of the file at path, nil when there is none.
func (p Payload) File(path string) []byte {
	for _, f := range p.Files {
		if f.Path == path {
			return f.Data
		}
	}
	return nil
}
