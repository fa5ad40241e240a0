import { useEffect } from 'react';
import { Text } from 'react-native';
import { show } from './page.js';

export default function App() {
  useEffect(() => {
    show();
  }, []);
  return <Text>Expo</Text>;
}
