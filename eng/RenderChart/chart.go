package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/Masterminds/semver"
	"github.com/xeipuuv/gojsonschema"
	"sigs.k8s.io/yaml"
)

type chart struct {
	metadata  map[string]interface{} // .Chart, by Helm's names
	values    map[string]interface{}
	schema    []byte
	templates map[string]string // by path within the chart
	files     files
}

func loadChart(folder string) (*chart, error) {
	c := &chart{templates: map[string]string{}, files: files{}, values: map[string]interface{}{}}
	err := filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		switch {
		case name == "Chart.yaml":
			return c.readMetadata(content)
		case name == "values.yaml":
			return yaml.Unmarshal(content, &c.values)
		case name == "values.schema.json":
			c.schema = content
		case strings.HasPrefix(name, "templates/"):
			c.templates[name] = string(content)
		case strings.HasPrefix(name, "crds/"), name == ".helmignore":
		default:
			c.files[name] = content
		}
		return nil
	})
	if err == nil && c.metadata == nil {
		err = fmt.Errorf("%s: Chart.yaml is missing", folder)
	}
	return c, err
}

// In templates the fields of Chart.yaml begin with a capital letter.
func (c *chart) readMetadata(content []byte) error {
	fields := map[string]interface{}{}
	if err := yaml.UnmarshalStrict(content, &fields); err != nil {
		return err
	}
	c.metadata = map[string]interface{}{"IsRoot": true}
	for name, value := range fields {
		if name == "apiVersion" {
			name = "APIVersion"
		}
		c.metadata[strings.ToUpper(name[:1])+name[1:]] = value
	}
	for _, required := range []string{"Name", "Version", "APIVersion"} {
		if c.metadata[required] == nil {
			return fmt.Errorf("Chart.yaml: %s is required", required)
		}
	}
	if _, err := semver.NewVersion(fmt.Sprint(c.metadata["Version"])); err != nil {
		return fmt.Errorf("Chart.yaml: version: %w", err)
	}
	return nil
}

func (c *chart) checkKubeVersion(version string) error {
	wanted, given := c.metadata["KubeVersion"].(string)
	if !given || version == "" {
		return nil
	}
	constraint, err := semver.NewConstraint(wanted)
	if err != nil {
		return fmt.Errorf("Chart.yaml: kubeVersion: %w", err)
	}
	v, err := semver.NewVersion(version)
	if err != nil {
		return err
	}
	if !constraint.Check(v) {
		return fmt.Errorf("chart requires kubeVersion: %s which is incompatible with Kubernetes %s", wanted, version)
	}
	return nil
}

func (c *chart) checkValues(values map[string]interface{}) error {
	if c.schema == nil {
		return nil
	}
	result, err := gojsonschema.Validate(gojsonschema.NewBytesLoader(c.schema), gojsonschema.NewGoLoader(values))
	if err != nil {
		return err
	}
	if result.Valid() {
		return nil
	}
	text := "values don't meet the specifications of the schema:"
	for _, problem := range result.Errors() {
		text += "\n- " + problem.String()
	}
	return fmt.Errorf("%s", text)
}

// coalesce lays values over others as Helm does: maps are merged, null takes a key away, all else replaces.
func coalesce(over, under map[string]interface{}) map[string]interface{} {
	merged := map[string]interface{}{}
	for key, value := range under {
		merged[key] = value
	}
	for key, value := range over {
		overMap, isMap := value.(map[string]interface{})
		underMap, wasMap := merged[key].(map[string]interface{})
		switch {
		case value == nil:
			delete(merged, key)
		case isMap && wasMap:
			merged[key] = coalesce(overMap, underMap)
		default:
			merged[key] = value
		}
	}
	return merged
}
