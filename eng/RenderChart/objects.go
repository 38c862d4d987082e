package main

import (
	"encoding/base64"
	"path"
	"sort"
	"strings"

	"github.com/Masterminds/semver"
	"sigs.k8s.io/yaml"
)

// files is .Files: what lies in the chart beside its templates.
type files map[string][]byte

func (f files) Get(name string) string { return string(f[name]) }

func (f files) GetBytes(name string) []byte { return f[name] }

// Glob matches as path.Match does; charts that need ** are not rendered here.
func (f files) Glob(pattern string) files {
	found := files{}
	for name, content := range f {
		if matches, _ := path.Match(pattern, name); matches {
			found[name] = content
		}
	}
	return found
}

func (f files) Lines(name string) []string {
	if _, exists := f[name]; !exists {
		return []string{}
	}
	return strings.Split(strings.TrimSuffix(f.Get(name), "\n"), "\n")
}

func (f files) AsConfig() string {
	return f.asYaml(func(content []byte) string { return string(content) })
}

func (f files) AsSecrets() string { return f.asYaml(base64.StdEncoding.EncodeToString) }

func (f files) asYaml(encode func([]byte) string) string {
	data := map[string]string{}
	for name, content := range f {
		data[path.Base(name)] = encode(content)
	}
	text, err := yaml.Marshal(data)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(text), "\n")
}

// kubeVersion is .Capabilities.KubeVersion.
type kubeVersion struct{ Version, GitVersion, Major, Minor string }

func newKubeVersion(version string) kubeVersion {
	if version == "" {
		version = "v1.31.0"
	}
	v := semver.MustParse(version)
	text := "v" + v.String()
	parts := strings.SplitN(v.String(), ".", 3)
	return kubeVersion{Version: text, GitVersion: text, Major: parts[0], Minor: parts[1]}
}

func (v kubeVersion) String() string { return v.Version }

// versionSet is .Capabilities.APIVersions.
type versionSet []string

func (s versionSet) Has(version string) bool {
	sorted := append([]string{}, s...)
	sort.Strings(sorted)
	i := sort.SearchStrings(sorted, version)
	return i < len(sorted) && sorted[i] == version
}
