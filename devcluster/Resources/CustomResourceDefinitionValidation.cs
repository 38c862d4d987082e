namespace LightReasoner.DevCluster.Resources;

/// <summary>The checks of CustomResourceDefinitions: a name, one version, a schema with types whose rules compile.</summary>
internal static class CustomResourceDefinitionValidation
{
    public static IEnumerable<FieldError> Check(JsonObject o, JsonObject? old)
    {
        var errors = new List<FieldError>();
        if (o.Name() != $"{o.Text("spec", "names", "plural")}.{o.Text("spec", "group")}")
            errors.Add(FieldError.Invalid("metadata.name", o.Name(), "must be spec.names.plural+\".\"+spec.group"));
        if (o.Items("spec", "versions").ToList() is not [{ } version] || !version.BoolAt("served") || !version.BoolAt("storage"))
            errors.Add(FieldError.Invalid("spec.versions", o.At("spec", "versions"),
                "must be one version that is served and stored: the development cluster has no others"));
        else if (version.Map("schema", "openAPIV3Schema") is not { } schema)
            errors.Add(FieldError.Required("spec.versions[0].schema.openAPIV3Schema", "schemas are required"));
        else
            CheckSchema(schema, "spec.validation.openAPIV3Schema", errors);
        foreach (var field in new[] { "spec.scope", "spec.names.kind", "spec.group", "spec.names.plural" })
        {
            var path = field.Split('.');
            if (o.At(path) is null)
                errors.Add(FieldError.Required(field));
            else if (old is not null && !JsonAccess.Same(o.At(path), old.At(path)))
                errors.Add(FieldError.Invalid(field, o.At(path), "field is immutable"));
        }

        return errors;
    }

    private static void CheckSchema(JsonObject s, string path, List<FieldError> errors)
    {
        if (s.Text("type") is null or "" && !s.BoolAt("x-kubernetes-int-or-string") && !s.BoolAt("x-kubernetes-preserve-unknown-fields"))
            errors.Add(FieldError.Required($"{path}.type", "must not be empty"));
        foreach (var rule in s.Items("x-kubernetes-validations"))
        {
            foreach (var expression in new[] { rule.Text("rule"), rule.Text("messageExpression") }.Where(e => !string.IsNullOrEmpty(e)))
            {
                if (CelRules.Problem(expression!) is { } problem)
                    errors.Add(FieldError.Invalid($"{path}.x-kubernetes-validations", expression, $"compilation failed: ERROR: {problem}"));
            }
        }

        foreach (var (name, child) in s.Map("properties") ?? [])
            CheckSchema(child as JsonObject ?? [], $"{path}.properties[{name}]", errors);
        foreach (var field in new[] { "items", "additionalProperties" })
        {
            if (s[field] is JsonObject inner)
                CheckSchema(inner, $"{path}.{field}", errors);
        }
    }
}
