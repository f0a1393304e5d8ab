// The headers that tests share are precompiled for this program; it does nothing.
int main() { return 0; }
