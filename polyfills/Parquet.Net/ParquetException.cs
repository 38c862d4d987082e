namespace Parquet;

/// <summary>A file that is not what the Parquet format says. The message names the column and page where the fault lies in one.</summary>
public class ParquetException : Exception
{
    public ParquetException()
    {
    }

    public ParquetException(string message)
        : base(message)
    {
    }

    public ParquetException(string message, Exception? inner)
        : base(message, inner)
    {
    }
}
