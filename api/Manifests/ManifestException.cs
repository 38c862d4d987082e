using LightReasoner.Api.Validation;

namespace LightReasoner.Api;

/// <summary>A manifest cannot be used. The message names the file and every field that is wrong.</summary>
public sealed class ManifestException : Exception
{
    internal ManifestException(string source, IReadOnlyList<FieldError> errors)
        : base(string.Join('\n', errors.Select(e => e.Option is { } option ? $"{option} {e}"
            : $"{source}{(e.Line is { } line ? $" line {line}" : "")}: {e}"))) => Errors = errors;

    /// <summary>What is wrong, in the order of the document.</summary>
    public IReadOnlyList<FieldError> Errors { get; }
}
