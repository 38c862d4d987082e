namespace LightReasoner.DevCluster.Rest;

/// <summary>A request for a resource, with its address understood.</summary>
internal sealed record ApiRequest(
    HttpContext Http, ResourceType Type, string Namespace, string Name, string Subresource, UserInfo User)
{
    public string Method => Http.Request.Method;

    public bool DryRun { get; private set; }

    /// <summary>Strict, Warn or Ignore.</summary>
    public string FieldValidation { get; private set; } = "Warn";

    /// <summary>The parameter, or what the client calls itself.</summary>
    public string FieldManager => Query("fieldManager") is { Length: > 0 } manager ? manager
        : Http.Request.Headers.UserAgent.ToString().Split('/')[0] is { Length: > 0 } agent ? agent[..Math.Min(agent.Length, 128)]
        : "unknown";

    public string? Query(string key) => Http.Request.Query.TryGetValue(key, out var values) ? values[0] : null;

    /// <summary>Anything but false and 0 is true, as to a real API server.</summary>
    public bool Flag(string key) => Query(key) is { } value && value != "0" && !value.Equals("false", StringComparison.OrdinalIgnoreCase);

    public long? Number(string key) => Query(key) is not { Length: > 0 } text ? null
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) ? n
        : throw Fail.BadRequest($"strconv.ParseInt: parsing {FieldError.Quote(text)}: invalid syntax");

    /// <summary>Checks the parameters that every write has. <paramref name="options"/> names the kind of the error.</summary>
    public void ReadWriteParameters(string options)
    {
        var errors = new List<FieldError>();
        foreach (var value in Http.Request.Query["dryRun"])
        {
            DryRun = true;
            if (value != "All")
                errors.Add(FieldError.NotSupported("dryRun", value ?? "", "All"));
        }

        if (Query("fieldValidation") is { Length: > 0 } validation)
        {
            FieldValidation = validation;
            if (validation is not ("Strict" or "Warn" or "Ignore"))
                errors.Add(FieldError.NotSupported("fieldValidation", validation, "", "Ignore", "Strict", "Warn"));
        }

        if (errors.Count > 0)
            throw Fail.Invalid("meta.k8s.io", options, "", errors);
    }

    /// <summary>Adds a Warning header to the answer.</summary>
    public void Warn(string text) => Http.Response.Headers.Append("Warning", "299 - " + FieldError.Quote(text));
}
