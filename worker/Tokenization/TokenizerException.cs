namespace LightReasoner.Worker.Tokenization;

/// <summary>A tokenizer file that cannot be used: damaged or not supported. The message names file and place.</summary>
public sealed class TokenizerException(string message, Exception? inner = null) : FormatException(message, inner);
