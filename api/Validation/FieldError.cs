namespace LightReasoner.Api.Validation;

/// <summary>One thing that is wrong with a document.</summary>
/// <param name="Path">Path of the field, such as <c>spec.selection.beta</c>; empty for the whole document.</param>
/// <param name="Message">What was expected and what was found.</param>
/// <param name="Line">Line of the text, where known.</param>
/// <param name="Option">Option of the command line that gave the value; null for the text.</param>
public sealed record FieldError(string Path, string Message, int? Line = null, string? Option = null)
{
    /// <summary><c>path: message</c>.</summary>
    public override string ToString() => Path.Length == 0 ? Message : $"{Path}: {Message}";
}
