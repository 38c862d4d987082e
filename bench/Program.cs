Console.WriteLine("no case yet");
