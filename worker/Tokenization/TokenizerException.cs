namespace LightReasoner.Worker.Tokenization;

/// <summary>A tokenizer file that cannot be used: damaged, or with a construct that is not supported. The message names the file and the place.</summary>
public sealed class TokenizerException : FormatException
{
    /// <summary>Creates the exception.</summary>
    public TokenizerException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    public TokenizerException(string message, Exception inner) : base(message, inner)
    {
    }
}
