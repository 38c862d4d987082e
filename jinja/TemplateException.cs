namespace LightReasoner.Jinja;

/// <summary>A template that does not parse or cannot be rendered; also what a template's own raise_exception says.</summary>
public sealed class TemplateException : FormatException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="templateName">Where the template comes from.</param>
    /// <param name="line">The line in it, from 1.</param>
    /// <param name="reason">What is wrong.</param>
    public TemplateException(string templateName, int line, string reason) : base($"{templateName} line {line}: {reason}") =>
        (Line, Reason) = (line, reason);

    /// <summary>The line in the template, from 1.</summary>
    public int Line { get; }

    /// <summary>What is wrong, without the place.</summary>
    public string Reason { get; }
}
