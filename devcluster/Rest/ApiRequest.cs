using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Resources;
using LightReasoner.DevCluster.Tokens;
using Microsoft.AspNetCore.Http;

namespace LightReasoner.DevCluster.Rest;

/// <summary>A request for a resource, with its address understood.</summary>
internal sealed class ApiRequest(HttpContext http, ResourceType type, string ns, string name, string subresource, UserInfo user)
{
    private readonly List<string> warnings = [];

    public HttpContext Http { get; } = http;

    public ResourceType Type { get; } = type;

    public string Namespace { get; } = ns;

    public string Name { get; } = name;

    public string Subresource { get; } = subresource;

    public UserInfo User { get; } = user;

    public string Method => Http.Request.Method;

    public string? Query(string key) => Http.Request.Query.TryGetValue(key, out var values) ? values[0] : null;

    /// <summary>Anything but false and 0 is true, as to a real API server.</summary>
    public bool Flag(string key) => Query(key) is { } value && value != "0" && !value.Equals("false", StringComparison.OrdinalIgnoreCase);

    public bool DryRun { get; private set; }

    /// <summary>Strict, Warn or Ignore.</summary>
    public string FieldValidation { get; private set; } = "Warn";

    public string FieldManager => Query("fieldManager") is { Length: > 0 } manager ? manager : ManagerFromUserAgent();

    /// <summary>Checks the parameters that every write has. <paramref name="options"/> names the kind of the error.</summary>
    public void ReadWriteParameters(string options)
    {
        var errors = new List<FieldError>();
        foreach (var value in Http.Request.Query["dryRun"])
        {
            if (value == "All")
                DryRun = true;
            else
                errors.Add(new FieldError("FieldValueNotSupported", "dryRun",
                    $"Unsupported value: [{FieldError.Quote(value ?? "")}]: supported values: \"All\""));
        }

        var manager = Query("fieldManager") ?? "";
        if (manager.Length > 128)
            errors.Add(FieldError.TooLong("fieldManager", 128));
        if (manager.Select((c, i) => (c, i)).FirstOrDefault(p => char.IsControl(p.c)) is { c: not default(char) } odd)
            errors.Add(FieldError.Invalid("fieldManager", manager,
                $"should only contain printable characters (invalid character at position {odd.i})"));
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
    public void Warn(string text)
    {
        if (warnings.Contains(text))
            return;
        warnings.Add(text);
        Http.Response.Headers.Append("Warning", "299 - " + FieldError.Quote(text));
    }

    private string ManagerFromUserAgent()
    {
        var agent = Http.Request.Headers.UserAgent.ToString().Split('/')[0];
        return agent.Length == 0 ? "unknown" : agent[..Math.Min(agent.Length, 128)];
    }
}
