namespace LightReasoner.Worker.Tokenization;

/// <summary>A chat template that does not parse or cannot be rendered; also what a template's own raise_exception says.</summary>
public sealed class ChatTemplateException : FormatException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="templateName">Where the template comes from.</param>
    /// <param name="line">The line in it, from 1.</param>
    /// <param name="reason">What is wrong.</param>
    public ChatTemplateException(string templateName, int line, string reason) : base($"{templateName} line {line}: {reason}") =>
        (TemplateName, Line, Reason) = (templateName, line, reason);

    /// <summary>Where the template comes from.</summary>
    public string TemplateName { get; }

    /// <summary>The line in it, from 1.</summary>
    public int Line { get; }

    /// <summary>What is wrong, without the place.</summary>
    public string Reason { get; }
}
